import { emptyAnswer, jsonAnswer } from './http-answers.ts';
import type { HttpAnswer } from './http-types.ts';

/** The method and path of a route. */
type Route = readonly [method: string, path: string, ...unknown[]];

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Engram stand-in</title></head><body>
<p>This is the development stand-in for Engram: <a href="/api-docs/openapi.json">its routes</a>.</p></body></html>
`;

/** GET /docs */
export function docsRedirect(): HttpAnswer {
  return emptyAnswer(307, { location: '/docs/' });
}

/** GET /docs/ */
export function docsPage(): HttpAnswer {
  return { status: 200, contentType: 'text/html; charset=utf-8', body: PAGE };
}

/** GET /api-docs/openapi.json: the routes, without their parameters. */
export function openApi(routes: readonly Route[]): HttpAnswer {
  return jsonAnswer(200, openApiDocument(routes));
}

/** GET /api-docs/openapi.yaml: the same; every JSON text is YAML. */
export function openApiYaml(routes: readonly Route[]): HttpAnswer {
  const body = JSON.stringify(openApiDocument(routes), null, 2);
  return { status: 200, contentType: 'application/yaml', body };
}

function openApiDocument(routes: readonly Route[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [method, path] of routes) {
    paths[path] = { ...paths[path], [method.toLowerCase()]: { responses: {} } };
  }
  return { openapi: '3.1.0', info: { title: 'Engram stand-in', version: '0.1.0' }, paths };
}
