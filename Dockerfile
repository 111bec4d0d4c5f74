# The built files of the pages
FROM node:22-slim AS pages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY escalations/web/build.mjs escalations/web/build.mjs
COPY escalations/web/assets escalations/web/assets
RUN npm run build

FROM python:3.13-slim
# Bytecode was compiled by pip; the application runs as a user who cannot write to its own code.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app
WORKDIR /app
COPY requirements-run.lock ./
RUN pip install --no-cache-dir --no-deps --require-hashes --requirement requirements-run.lock && pip check && useradd --system --no-create-home app
COPY worker.py ./
COPY escalations escalations
COPY --from=pages /build/escalations/web/static escalations/web/static
RUN python -m compileall -q escalations
USER app
ENTRYPOINT ["python", "-m", "escalations.cli"]
CMD ["web"]
