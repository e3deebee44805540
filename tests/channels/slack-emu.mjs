// A Slack workspace with a bot and one member, from the packages emulate, @emulators/core and @hono/node-server.
// usage: SLACK_PORT=4103 node slack-emu.mjs   (copied into the folder that has node_modules)
import { createServer, WebhookDispatcher } from '@emulators/core';
import { serve } from '@hono/node-server';
import { readdirSync } from 'node:fs';

const dist = new URL('./node_modules/emulate/dist/', import.meta.url);
let slackPlugin, seedFromConfig;
for (const file of readdirSync(dist)) {
  if (!/^dist-.*\.js$/.test(file)) continue;
  const part = await import(new URL(file, dist));
  if (part.slackPlugin) ({ slackPlugin, seedFromConfig } = part);
}
// The plugin wants to sign events; none are subscribed to here.
WebhookDispatcher.prototype.setHeaderFactory = () => {};
const port = Number(process.env.SLACK_PORT), baseUrl = `http://127.0.0.1:${port}`;
const tokens = { 'xoxb-bot': { login: 'U000000001', id: 1, scopes: ['*'] } };
const { app, store, webhooks } = createServer(slackPlugin, { port, baseUrl, tokens });
slackPlugin.seed?.(store, baseUrl);
seedFromConfig(store, baseUrl, {
  team: { name: 'Aldermoor', domain: 'aldermoor' }, bots: [{ name: 'colleague' }],
  users: [{ name: 'ana', real_name: 'Ana Ruiz', email: 'ana@aldermoor.example' }],
}, webhooks);
serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => console.log('up'));
