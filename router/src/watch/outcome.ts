import type { SubgraphAnswer } from '../reach/transport.ts';
import type { Answer } from '../run/answer.ts';

/** How something ended: `ok`, `partial`, `failed`, or the code of the refusal; and the limit that was met. */
export type Outcome = { readonly code: string; readonly limit: string | null };

const ok: Outcome = { code: 'ok', limit: null };
const partial: Outcome = { code: 'partial', limit: null };
const failed: Outcome = { code: 'failed', limit: null };

/** Codes come from subgraphs too, and become labels. */
const codePattern = /^[A-Z][A-Z0-9_]{0,63}$/;
const unknownCode = 'UNKNOWN';

const codeIn = (extensions: Readonly<Record<string, unknown>> | undefined): string => {
  const code = extensions?.['code'];
  return typeof code === 'string' && codePattern.test(code) ? code : unknownCode;
};

type Told = { readonly extensions?: Readonly<Record<string, unknown>> };

const outcomeOfRefusal = ({ body }: Answer): Outcome => {
  const { errors = [] }: { errors?: readonly Told[] } = JSON.parse(body);
  const extensions = errors[0]?.extensions;
  const limit = extensions?.['limit'];
  return { code: codeIn(extensions), limit: typeof limit === 'string' ? limit : null };
};

/** How an operation ended. Only refusals are read, which are short. */
export const outcomeOf = (answer: Answer): Outcome => {
  if (answer.refusedWith !== null) return outcomeOfRefusal(answer);
  if (!answer.hasErrors) return ok;
  return answer.body.startsWith('{"data":null') ? failed : partial;
};

/** How a question to a subgraph ended: `ok`, or the code of its first error. */
export const codeOfFetch = ({ errors }: SubgraphAnswer): string =>
  errors?.length ? codeIn(errors[0]?.extensions) : 'ok';
