// An OpenID Connect provider for the tests. A line of JSON on standard input says what the next ID tokens claim, and whether to sign with a key
// that is not published; the line "ok" answers it.
import { createInterface } from 'node:readline';
import { generateKeyPairSync, sign } from 'node:crypto';
import { OAuth2Server } from 'oauth2-mock-server';

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
await server.start(0, '127.0.0.1');
server.issuer.url = `http://127.0.0.1:${server.address().port}`;

const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
let wish = { claims: {}, forge: false };
server.service.on('beforeTokenSigning', token => {
  Object.assign(token.payload, wish.claims);
});
server.service.on('beforeResponse', response => {
  if (wish.forge && response.body.id_token) {
    const [header, payload] = response.body.id_token.split('.');
    response.body.id_token = `${header}.${payload}.${sign('sha256', Buffer.from(`${header}.${payload}`), foreign).toString('base64url')}`;
  }
});

console.log(server.issuer.url);
for await (const line of createInterface({ input: process.stdin })) {
  wish = { claims: {}, forge: false, ...JSON.parse(line) };
  console.log('ok');
}

await server.stop();
