// A Slack workspace that signs its events (packages emulate, @emulators/core, @hono/node-server).
// usage: SLACK_PORT=4103 EVENTS_URL=http://127.0.0.1:1/x SECRET=s node slack-events.mjs   (in the folder of node_modules)
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
// The dispatcher of the core knows no signatures: the plugin's own headers are put on each event.
WebhookDispatcher.prototype.setHeaderFactory = function (make) { this.make = make; };
WebhookDispatcher.prototype.dispatch = async function (event, action, payload, owner) {
  for (const one of this.getSubscriptions?.(owner) ?? []) {
    const body = JSON.stringify(payload);
    await fetch(one.url, { method: 'POST', headers: this.make({ event, payload, body }), body }).catch(() => {});
  }
};
const port = Number(process.env.SLACK_PORT), baseUrl = `http://127.0.0.1:${port}`;
const tokens = { 'xoxb-bot': { login: 'U000000001', id: 1, scopes: ['*'] } };
const { app, store, webhooks } = createServer(slackPlugin, { port, baseUrl, tokens });
slackPlugin.seed?.(store, baseUrl);
seedFromConfig(store, baseUrl, {
  signing_secret: process.env.SECRET, team: { name: 'Aldermoor', domain: 'aldermoor' }, bots: [{ name: 'colleague' }],
  users: [{ name: 'ana', real_name: 'Ana Ruiz', email: 'ana@aldermoor.example' }],
  tokens: [{ token: 'xoxp-ana', user: 'ana', scopes: ['chat:write', 'im:write', 'im:history'] }],
}, webhooks);
webhooks.register({ url: process.env.EVENTS_URL, events: ['*'], active: true, owner: 'slack' });
serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => console.log('up'));
