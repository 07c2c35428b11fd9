export { type Server, type ServerOptions, startServer } from './main.ts';
