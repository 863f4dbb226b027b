export { createEngine } from './engine.ts';
export { createGuards } from './guard/guards.ts';
export { type HttpTransportOptions, httpTransport } from './reach/http-transport.ts';
export { localTransport } from './reach/local-transport.ts';
export type { Transport } from './reach/transport.ts';
export { type Router, type RouterOptions, startRouter } from './router.ts';
export { fullSettings, type Settings, settingsSchema } from './settings.ts';
