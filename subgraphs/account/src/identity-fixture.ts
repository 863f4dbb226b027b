import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import type { Answer } from './account-fixture.ts';
import type { Provider as OurProvider } from './openid.ts';

/** A real issuer on this machine (oidc-provider), and a browser that agrees to everything it asks. */

const redirectUri = 'https://shop.test/back';

/** Who there is at the issuer: by the name that is typed. */
export type Person = { readonly email?: string; readonly email_verified?: boolean };

export const openIssuer = async (people: Map<string, Person>) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a server on a port has one
  const issuer = `http://127.0.0.1:${port}`;
  const client = { client_id: 'shop', client_secret: 'a secret of the shop' };
  const provider = new Provider(issuer, {
    clients: [
      {
        ...client,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, ...people.get(id) }) }),
    cookies: { keys: ['any'] },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
  });
  server.on('request', provider.callback());
  const ours: OurProvider = {
    ...{ name: 'elsewhere', title: 'Elsewhere', issuer, clientId: client.client_id },
    ...{ clientSecret: client.client_secret, redirectUris: [redirectUri] },
  };
  return {
    ours,
    redirectUri,
    /** Sends a person there, who signs in and agrees; answers the address they come back by. */
    visit: (url: string, name: string) => browse(url, name),
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

/** Follows redirections with cookies, and submits the forms of the issuer's own pages. */
const browse = async (start: string, name: string): Promise<string> => {
  const cookies = new Map<string, string>();
  const send = async (url: string, init: RequestInit = {}) => {
    const cookie = [...cookies].map(([key, value]) => `${key}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } });
    for (const one of response.headers.getSetCookie()) {
      const [pair = ''] = one.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return response;
  };
  let url = start;
  let response = await send(url);
  for (let steps = 0; steps < 20; steps += 1) {
    const location = response.headers.get('location');
    if (location !== null) {
      url = new URL(location, url).href;
      if (url.startsWith(redirectUri)) return url;
      response = await send(url);
      continue;
    }
    const page: Answer = await response.text();
    const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1];
    if (action === undefined || prompt === undefined) throw new Error(`Nothing to submit: ${page}`);
    const body = new URLSearchParams({ prompt, ...(prompt === 'login' && { login: name, password: 'any' }) });
    url = new URL(action, url).href;
    response = await send(url, { method: 'POST', body });
  }
  throw new Error('The issuer sends in circles.');
};
