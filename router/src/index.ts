export { type RouterOptions, startRouter } from './router.ts';
