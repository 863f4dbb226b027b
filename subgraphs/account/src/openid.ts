import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientError,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  fetchUserInfo,
  None,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';

/** A provider whose word is taken, found by its issuer (OpenID Connect Discovery). */
export type Provider = {
  readonly name: string;
  readonly title: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Left out of public clients, which PKCE alone protects. */
  readonly clientSecret?: string | undefined;
  /** Where people may be sent back to. */
  readonly redirectUris: readonly string[];
};

/** What was begun, and must come back. */
export type Flow = {
  readonly redirectUri: string;
  readonly codeVerifier: string;
  readonly nonce: string;
  readonly state: string;
};

/** Who somebody is there. */
export type Identity = {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  readonly isEmailVerified: boolean;
};

/** Shorter than a request waits. */
const limitSeconds = 5;
const scope = 'openid email';

/** The provider has answered that it will not, or has not answered as it must. Whatever else is wrong is our fault. */
const isTheirs = (error: unknown): boolean =>
  error instanceof ClientError ||
  error instanceof AuthorizationResponseError ||
  error instanceof ResponseBodyError ||
  error instanceof WWWAuthenticateChallengeError ||
  // This is how fetch says that nobody is there.
  (error instanceof TypeError && error.message === 'fetch failed') ||
  (error instanceof DOMException && error.name === 'TimeoutError');

const unlessTheirs = async <T>(work: () => Promise<T>): Promise<T | null> => {
  try {
    return await work();
  } catch (error) {
    if (isTheirs(error)) return null;
    throw error;
  }
};

/** Talks to providers: null is a provider that does not play along. */
export const openProviders = (providers: readonly Provider[]) => {
  const known = new Map(providers.map((provider) => [provider.name, provider]));
  const discovered = new Map<string, Promise<Configuration>>();

  /** Asked once; a provider that was away is asked again. */
  const discover = ({ name, issuer, clientId, clientSecret }: Provider): Promise<Configuration> => {
    const found = discovered.get(name);
    if (found !== undefined) return found;
    const url = new URL(issuer);
    // A provider on this machine, as tests and development have it.
    const isLocal = url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
    const execute = isLocal ? [allowInsecureRequests] : [];
    const auth = clientSecret === undefined ? None() : undefined;
    const asking = discovery(url, clientId, clientSecret, auth, { execute, timeout: limitSeconds });
    discovered.set(name, asking);
    asking.catch(() => discovered.delete(name));
    return asking;
  };

  const identityBy = async (provider: Provider, flow: Flow, callback: URL): Promise<Identity | null> => {
    const config = await discover(provider);
    const tokens = await authorizationCodeGrant(config, callback, {
      ...{ pkceCodeVerifier: flow.codeVerifier, expectedState: flow.state, expectedNonce: flow.nonce },
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (!claims) return null;
    const hasMore = claims['email'] === undefined && config.serverMetadata().userinfo_endpoint !== undefined;
    const said = hasMore ? await fetchUserInfo(config, tokens.access_token, claims.sub) : claims;
    const email = typeof said['email'] === 'string' ? said['email'] : null;
    return {
      ...{ issuer: claims.iss, subject: claims.sub, email },
      isEmailVerified: email !== null && said['email_verified'] === true,
    };
  };

  return {
    list: providers,

    find: (name: string): Provider | null => known.get(name) ?? null,

    /** Where to send the person. */
    urlFor: (provider: Provider, { redirectUri, codeVerifier, nonce, state }: Flow): Promise<string | null> =>
      unlessTheirs(async () => {
        const config = await discover(provider);
        const url = buildAuthorizationUrl(config, {
          ...{ redirect_uri: redirectUri, scope, nonce, state },
          ...{
            code_challenge: await calculatePKCECodeChallenge(codeVerifier),
            code_challenge_method: 'S256',
          },
        });
        return url.href;
      }),

    /** Who came back. */
    identity: (provider: Provider, flow: Flow, callbackUrl: string): Promise<Identity | null> =>
      unlessTheirs(async () => {
        const callback = URL.canParse(callbackUrl) ? new URL(callbackUrl) : null;
        const isWhereWeSentThem =
          callback && callback.origin + callback.pathname === withoutQuery(flow.redirectUri);
        return isWhereWeSentThem ? identityBy(provider, flow, callback) : null;
      }),
  };
};

const withoutQuery = (address: string): string => {
  const { origin, pathname } = new URL(address);
  return origin + pathname;
};

export type Providers = ReturnType<typeof openProviders>;
