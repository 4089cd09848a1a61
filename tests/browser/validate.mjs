// Validates HTML: reads documents as JSON strings, one a line, and answers each with a JSON array
// of what is wrong with it, one a line.
import { createInterface } from "node:readline";
import { HtmlValidate } from "html-validate";

const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    "doctype-style": ["error", { style: "lowercase" }],
    "no-trailing-whitespace": "off", // templates leave some; no reader sees it
    "long-title": "off", // a business's own name can be long
  },
});

for await (const line of createInterface({ input: process.stdin })) {
  const report = await validator.validateString(JSON.parse(line), "page.html");
  const wrongs = report.results.flatMap((result) =>
    result.messages.map(
      (found) => `${found.line}:${found.column} ${found.ruleId}: ${found.message}`,
    ),
  );
  process.stdout.write(`${JSON.stringify(wrongs)}\n`);
}
