export type { IncomingOperation } from './apollo.ts';
export { type Ask, AskError, askInProcess, askOverHttp, subgraphUrls } from './ask.ts';
export { type Call, deadlineOf, requestIdOf } from './call.ts';
export {
  type Conditions,
  collectFields,
  conditionsOf,
  fieldOf,
  fragmentsOf,
  isIncluded,
  type Selecting,
} from './collect-fields.ts';
export { asGraphQLError, maskErrors, withoutSuggestions } from './errors.ts';
export type { PublishedFacts } from './facts.ts';
export { type FollowedKeys, followKeyRing } from './follow-keys.ts';
export { type Front, type FrontOptions, startFront } from './front.ts';
export { type InputProblem, type InvalidInput, invalidInput, parseInput } from './input.ts';
export { type KeyRing, keysPath, liveKeys, publishedKeys, turnKeys } from './key-ring.ts';
export { isEntryPoint, stopOnSignal } from './lifecycle.ts';
export { createLog, type Log, type LogFields, log } from './log.ts';
export { type MountedSubgraph, type MountOptions, mountSubgraph } from './mount.ts';
export { defaultDeadlineMs, type Operation } from './operation.ts';
export { runSubgraph } from './own-process.ts';
export { InvalidEnvironment, parseEnv } from './parse-env.ts';
export {
  forServices,
  noPersonalData,
  type PersonalData,
  type PersonalDataErased,
} from './personal-data.ts';
export { readSchema, schemaFolder } from './read-schema.ts';
export { isRegion } from './regions.ts';
export { requireScopes, whyDenied } from './required-scopes.ts';
export type { NotReady, Pages } from './routes.ts';
export type { GraphResult, ResultExtensions } from './run.ts';
export { scalarResolvers } from './scalars.ts';
export { type ServeOptions, serveSubgraph, whyNotReady } from './serve.ts';
export { after, type Soon } from './soon.ts';
export { failSpan, inSpan, isTraced, noteSpan, type Trace, tellTrace } from './span.ts';
export { isStream, mapStream, type ResultStream } from './stream.ts';
export type { Request, Subgraph } from './subgraph.ts';
export {
  jsonText,
  keySources,
  openPublicKeys,
  ownProcess,
  redisUrl,
  verifyingProcess,
} from './subgraph-env.ts';
export {
  createKeys,
  type Keys,
  type PublicKeys,
  signToken,
  type VerifiedToken,
  verifyToken,
} from './tokens.ts';
export { startTracing, type Tracing, type TracingOptions } from './tracing.ts';
export { type Variables, variablesReader } from './variables.ts';
export {
  anonymous,
  callerScope,
  hasScope,
  isStranger,
  kindOfRole,
  type Role,
  rightsOf,
  roles,
  scopesOfRole,
  type Viewer,
} from './viewer.ts';
export { within } from './within.ts';
