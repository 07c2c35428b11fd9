// Layering and style checks that no linter makes: `npm run tidy`. Part of `npm test`.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adapters, cycles, layering } from './layering.ts';
import {
  codedErrors,
  documentedErrors,
  environmentInConfig,
  fetchInClient,
  names,
  noDeadExports,
  noExportStar,
  noInnerHtml,
  sizes,
  sqlInStore,
} from './places.ts';
import { readSources } from './sources.ts';
import { shownThreats } from './threats.ts';

const rules = [
  layering,
  adapters,
  cycles,
  noExportStar,
  sqlInStore,
  environmentInConfig,
  fetchInClient,
  noInnerHtml,
  codedErrors,
  documentedErrors,
  noDeadExports,
  sizes,
  names,
  shownThreats,
];

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const sources = readSources(root);
const violations = rules.flatMap((rule) => rule(sources));
for (const { path, line, rule, message } of violations) {
  process.stdout.write(`${path}:${line}  ${rule}: ${message}\n`);
}
process.stdout.write(`tidy: ${sources.length} files, ${violations.length} violations\n`);
process.exitCode = violations.length === 0 ? 0 : 1;
