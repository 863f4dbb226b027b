import { type Answer, refuse } from '../run/answer.ts';

/** An answer of a guard that says no, with what its HTTP answer carries besides, such as `retry-after`. */
export type Refusal = Answer & { readonly headers?: Readonly<Record<string, string>> | undefined };

/** A request that is wrong as HTTP, whatever GraphQL is in it: its status stands in every media type. */
export class BadRequest extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { readonly headers?: Record<string, string>; readonly details?: Record<string, unknown> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = more.headers ?? {};
    this.details = more.details ?? {};
  }
}

/** A bad request in the form GraphQL clients read. */
export const answerOf = ({ status, code, message, details }: BadRequest): Answer =>
  refuse(status, [{ message, extensions: { code, ...details } }]);

/** Something is larger than it may be. */
export const overLimit = (
  status: number,
  message: string,
  {
    headers = {},
    ...details
  }: {
    readonly limit: string;
    readonly allowed: number;
    readonly asked?: number;
    readonly headers?: Record<string, string>;
  },
): BadRequest => new BadRequest(status, 'LIMIT_EXCEEDED', message, { details, headers });
