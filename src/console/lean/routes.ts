/**
 * The console calls routes by name and never reads their schemas, which are most of the table: the build puts
 * the table without them in its place. What the client reads stays, as values (client.ts).
 */
import { routes, type Route } from '#api';

const place = /\/src\/api\/routes\/mod\.ts$/;
const all: Readonly<Record<string, Route>> = routes;

/** The table as the source of a module. */
function writeRoutes(): string {
  const plain = Object.entries(all).map(([name, { method, path, right, on, anywhere, answer }]) => [
    name,
    { method, path, right, on, anywhere, answer },
  ]);
  return `export const routes = ${JSON.stringify(Object.fromEntries(plain))};`;
}

/** A part of Vite that puts it there. */
export const leanRoutes = {
  name: 'lean-routes',
  load: (id: string): string | undefined => (place.test(id) ? writeRoutes() : undefined),
};
