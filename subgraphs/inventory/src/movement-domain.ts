/** What became of the lines of one request, as it is kept under the request's key. */
export type Tally = {
  readonly applied: number;
  readonly unchanged: number;
  readonly repeated: number;
  readonly refused: readonly {
    readonly line: number;
    readonly code: RefusedCode;
    readonly figure: number | null;
  }[];
  readonly hasWarehouse: boolean;
};

export type RefusedCode = 'unknown variant' | 'another version' | 'counted since' | 'committed' | 'too many';

/** A line that was left out. */
export type LineRefusal = { readonly index: number; readonly sku: string; readonly message: string };

const sentences: Readonly<Record<RefusedCode, (figure: number | null) => string>> = {
  'unknown variant': () => 'No variant has this SKU.',
  'another version': (figure) => `The stock is at version ${figure}.`,
  'counted since': () => 'It was counted again later: only the latest count says what is there.',
  committed: (figure) => `Only ${figure} pieces are free: the others are held or sold. Release them first.`,
  'too many': (figure) => `No more than ${figure} pieces fit: check the number.`,
};

/** The parts of a request, which was applied in parts, as one. */
export const addTallies = (tallies: readonly Tally[], linesPerPart: number): Tally => ({
  applied: tallies.reduce((sum, { applied }) => sum + applied, 0),
  unchanged: tallies.reduce((sum, { unchanged }) => sum + unchanged, 0),
  repeated: tallies.reduce((sum, { repeated }) => sum + repeated, 0),
  refused: tallies.flatMap(({ refused }, part) =>
    refused.map((each) => ({ ...each, line: each.line + part * linesPerPart })),
  ),
  hasWarehouse: tallies.every(({ hasWarehouse }) => hasWarehouse),
});

/** What is told of the lines that were left out. */
export const lineRefusals = ({ refused }: Tally, lines: readonly { readonly sku: string }[]): LineRefusal[] =>
  refused.map(({ line, code, figure }) => ({
    index: line,
    sku: lines[line]?.sku ?? '',
    message: sentences[code](figure),
  }));

/** Cuts lines into parts, because a part holds its rows while it runs and others wait. */
export const inParts = <Line>(lines: readonly Line[], linesPerPart: number): (readonly Line[])[] =>
  Array.from({ length: Math.ceil(lines.length / linesPerPart) }, (_, part) =>
    lines.slice(part * linesPerPart, (part + 1) * linesPerPart),
  );
