// Makes escalations/web/static from GOV.UK Frontend's built files and from our own in escalations/web/assets.
//
// The crown, the crest and the typeface belong to GOV.UK services alone. So the typeface's files are not copied, its
// name is replaced by fonts that every office PC has, and what would load an image of theirs loads none. The build
// stops where a new version names either in a way that this does not know.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "..", "..", "node_modules", "govuk-frontend", "dist", "govuk");
const target = join(here, "static");
const fonts = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",Arial,sans-serif';

let css = readFileSync(join(source, "govuk-frontend.min.css"), "utf8");
css = css
  .replace(/@font-face\{[^}]*\}/g, "")
  .replace(/"?GDS Transport"?,\s*arial,\s*sans-serif/g, fonts)
  .replace(/url\(\/assets\/images\/[^)]*\)/g, "none")
  .replace(/\/\*# sourceMappingURL=.*?\*\//g, "");
for (const unwanted of ["GDS Transport", "/assets/", "crest.svg"]) {
  if (css.includes(unwanted)) {
    throw new Error(`govuk.css still holds ${unwanted}; see escalations/web/build.mjs`);
  }
}

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
if (existsSync(join(here, "assets"))) {
  cpSync(join(here, "assets"), target, { recursive: true });
}
const js = readFileSync(join(source, "govuk-frontend.min.js"), "utf8").replace(/\/\/# sourceMappingURL=.*/g, "");
writeFileSync(join(target, "govuk-frontend.js"), js);
// Last: the Makefile takes this file for the whole folder.
writeFileSync(join(target, "govuk.css"), css);
