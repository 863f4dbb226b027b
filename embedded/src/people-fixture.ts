import { expect, vi } from 'vitest';

/** Whatever a test looks at in an answer, it states in its expectation. */
// biome-ignore lint/suspicious/noExplicitAny: an answer has the shape of its operation, which is text.
export type Answer = any;

export const password = 'correct horse battery';

/** People who use a shop through its one endpoint. */
export const peopleOf = (url: () => string) => {
  const ask = async (query: string, token?: string, variables: object = {}): Promise<Answer> => {
    const response = await fetch(`${url()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  };

  /** The outcome of a mutation; the whole answer where there is none. */
  const change = async (name: string, input: object, token?: string, fields = ''): Promise<Answer> => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
    const query = `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${fields} } }`;
    const idempotencyKey = `key-${crypto.randomUUID()}`;
    const answer = await ask(query, token, { input: { idempotencyKey, ...input } });
    return answer.data?.[name] ?? answer;
  };

  /** Signs somebody up by the mail in the mailbox; their access token. */
  const signUp = async (email: string, guestToken?: string): Promise<string> => {
    await change('signUp', { email, password }, guestToken);
    const mails = async () => (await fetch(`${url()}/mailbox`)).text();
    await vi.waitFor(async () => expect(await mails()).toContain(email), { timeout: 20_000 });
    const mail = (await mails()).split('<article').find((one) => one.includes(email)) ?? '';
    const token = /<b>([\w.-]+)<\/b>/.exec(mail)?.[1];
    const fields = '... on SignedIn { tokens { accessToken } }';
    return (await change('emailVerify', { token, password }, guestToken, fields)).tokens.accessToken;
  };

  const becomeGuest = async (): Promise<string> =>
    (await change('guestCreate', {}, undefined, '... on GuestCreated { token }')).token;

  return { ask, change, signUp, becomeGuest };
};
