/** What a line says beside its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one JSON line; an `error` field becomes its stack. */
export type Log = {
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
};

/** The values of a statement can be somebody's address, so they stay out of the log; the statement itself helps. */
const withoutParameters = (stack: string): string =>
  stack.replace(/\nparams: [\s\S]*?(?=\n {4}at |\n\[cause\]|$)/g, '');

const stackOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const own = withoutParameters(error.stack ?? `${error.name}: ${error.message}`);
  return error.cause === undefined ? own : `${own}\n[cause] ${stackOf(error.cause)}`;
};

const readable = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Error ? stackOf(value) : value;
};

const lineOf = (level: string, message: string, fields: LogFields): string => {
  const { error, ...rest } = fields;
  const stack = error === undefined ? {} : { stack: stackOf(error) };
  return `${JSON.stringify({ level, time: new Date().toISOString(), message, ...rest, ...stack }, readable)}\n`;
};

/** A log that hands each line to `write`. */
export const createLog = (write: (line: string) => void): Log => ({
  info: (message, fields = {}) => write(lineOf('info', message, fields)),
  warn: (message, fields = {}) => write(lineOf('warn', message, fields)),
  error: (message, fields = {}) => write(lineOf('error', message, fields)),
});

/** The log of this process, on standard error: standard output belongs to what a command was asked for. */
export const log: Log = createLog((line) => process.stderr.write(line));
