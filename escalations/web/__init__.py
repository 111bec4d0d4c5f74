"""The pages: server-rendered, working without JavaScript. A composition root that nothing else imports."""
