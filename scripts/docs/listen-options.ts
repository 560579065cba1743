import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const SOURCE = fileURLToPath(new URL('../../lib/delivery/options.ts', import.meta.url));

/** The options of `listen` and `listenBatch`, from their docstrings. */
export async function listenOptionsReference(): Promise<string> {
  const source = ts.createSourceFile(SOURCE, await readFile(SOURCE, 'utf8'), ts.ScriptTarget.Latest, true);
  const table = (name: string) =>
    `| option | default | meaning |\n|---|---|---|\n${membersOf(source, name).map(row).join('\n')}`;
  return `${table('ListenOptions')}\n\n### More options of \`listenBatch\`\n\n${table('BatchOptions')}`;
}

function membersOf(source: ts.SourceFile, name: string): readonly ts.TypeElement[] {
  const found = source.statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  );
  if (found === undefined) throw new Error(`${SOURCE} has no interface ${name}`);
  return found.members;
}

function row(member: ts.TypeElement): string {
  const name = member.name?.getText() ?? '';
  const [doc] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
  const meaning = oneLine(ts.getTextOfJSDocComment(doc?.comment));
  const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default');
  const given = oneLine(ts.getTextOfJSDocComment(tag?.comment));
  if (meaning === '') throw new Error(`${SOURCE}: ${name} has no docstring`);
  const standard =
    tag === undefined ? '(required)' : /^('.*'|\d+|true|false|[\w.]+)$/.test(given) ? `\`${given}\`` : given;
  return `| \`${name}\` | ${standard} | ${meaning} |`;
}

function oneLine(text: string | undefined): string {
  return (text ?? '').replace(/\s+/g, ' ').replaceAll('|', '\\|').trim();
}
