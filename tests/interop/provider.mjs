// An authorization server nobody here wrote (npm oidc-provider), in memory, on a free loopback
// port. Prints one JSON object a line: first {"issuer"}, then what happened.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const deps = createRequire(new URL('../../.deps/npm/package.json', import.meta.url));
const { Provider } = await import(pathToFileURL(deps.resolve('oidc-provider')));

const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
// The server's own advice for production goes to stdout otherwise.
for (const level of ['log', 'info', 'warn']) console[level] = console.error;

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

const client = (client_id, token_endpoint_auth_method, client_secret) => ({
  client_id,
  client_secret,
  token_endpoint_auth_method,
  // A native app: any port of the loopback address (RFC 8252 section 7.3).
  application_type: 'native',
  redirect_uris: ['127.0.0.1', 'localhost', '[::1]'].map((host) => `http://${host}/callback`),
  grant_types: ['authorization_code', 'refresh_token', DEVICE],
  response_types: ['code'],
});

const configuration = {
  clients: [
    client('public', 'none'),
    client('basic', 'client_secret_basic', process.env.BASIC_SECRET),
    client('post', 'client_secret_post', process.env.POST_SECRET),
    {
      client_id: 'inspector',
      client_secret: 'inspector-secret',
      redirect_uris: [],
      response_types: [],
      grant_types: [],
    },
  ],
  features: {
    deviceFlow: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true, allowedPolicy: (ctx, asking, token) => token.clientId === asking.clientId },
  },
  pkce: { required: () => true },
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email'] },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, email: `${id}@example.org` }),
  }),
  issueRefreshToken: (_ctx, asking) => asking.grantTypeAllowed('refresh_token'),
  expiresWithSession: () => false,
  rotateRefreshToken: () => true,
  ttl: { AccessToken: 3600, RefreshToken: 86400, Grant: 86400, Session: 3600, Interaction: 600, DeviceCode: 600 },
  cookies: { keys: ['only-for-tests'] },
};

// A refresh is answered late, so that callers who do not wait for each other meet here.
const LATE = Number(process.env.REFRESH_LATE_MS ?? 0);
async function slowRefresh(ctx, next) {
  await next();
  if (ctx.oidc?.params?.grant_type === 'refresh_token') await new Promise((done) => setTimeout(done, LATE));
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  provider.use(slowRefresh);
  for (const event of ['access_token.issued', 'refresh_token.saved', 'refresh_token.consumed', 'grant.revoked']) {
    provider.on(event, () => tell({ event }));
  }
  for (const event of ['grant.error', 'authorization.error', 'device_authorization.error', 'revocation.error', 'server_error']) {
    provider.on(event, (_ctx, error) => tell({ event, error: error.message, detail: error.error_detail ?? null }));
  }
  server.on('request', provider.callback());
  tell({ issuer });
});
