// Gathers all texts of the web UI in public/locales/en.json; with --check only says whether that is up to date.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const TARGET = "public/locales/en.json";
const texts = new Set();

function gather(node) {
  if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === "t") {
    const { template } = node;
    const parts = ts.isNoSubstitutionTemplateLiteral(template) ? [template] : [template.head, ...template.templateSpans.map((span) => span.literal)];
    texts.add(parts.map((part) => part.text).reduce((text, part, index) => `${text}{${index - 1}}${part}`));
  }
  ts.forEachChild(node, gather);
}

for (const file of readdirSync("src", { recursive: true })) {
  if (!/\.tsx?$/.test(file)) continue;
  const path = join("src", file);
  gather(ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true));
}

const made = `${JSON.stringify(Object.fromEntries([...texts].sort().map((text) => [text, text])), null, 2)}\n`;
if (!process.argv.includes("--check")) writeFileSync(TARGET, made);
else if (readFileSync(TARGET, "utf8") !== made) {
  console.error(`${TARGET} is not up to date: run npm run texts`);
  process.exit(1);
}
