// Serves an OpenAPI document with Scalar's mock server: node scalar.mjs PACKAGE DOCUMENT PORT
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [packageFile, document, port] = process.argv.slice(2)
const from = createRequire(packageFile)
const load = (name) => import(pathToFileURL(from.resolve(name)))
const entry = new URL(JSON.parse(readFileSync(packageFile)).exports['.'].import ?? './dist/index.js', pathToFileURL(packageFile))
const { createMockServer } = await import(entry)
const { serve } = await load('@hono/node-server')
const specification = JSON.parse(readFileSync(document))
const app = await createMockServer({ document: specification, specification })
serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' })
