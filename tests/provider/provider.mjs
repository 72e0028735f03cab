// A certified OpenID provider for tests: anybody may sign in, "admin" as an administrator.
// POST /test with {"lifetime": 5, "refresh": false, "rotate": true} changes how it goes on.
import { createServer } from "node:http";
import { webcrypto } from "node:crypto";
import { Provider, errors } from "oidc-provider";

const { issuer, redirect } = JSON.parse(process.argv[2]);
const RESOURCE = "https://photographs.example.org";
const settings = { lifetime: 300, refresh: true };
let listener;

async function key(kid, algorithm, alg) {
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  return { ...(await webcrypto.subtle.exportKey("jwk", privateKey)), kid, alg, use: "sig", key_ops: undefined };
}

async function start() {
  const at = Date.now();
  const keys = [
    await key(`rsa-${at}`, { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, "RS256"),
    await key(`ec-${at}`, { name: "ECDSA", namedCurve: "P-256" }, "ES256"),
  ];
  const client = {
    token_endpoint_auth_method: "none", response_types: ["code"], grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: [redirect], post_logout_redirect_uris: [redirect],
  };
  const provider = new Provider(issuer, {
    clients: [{ client_id: "gallery", ...client }, { client_id: "another", ...client }],
    jwks: { keys: keys.map((one) => JSON.parse(JSON.stringify(one))) },
    cookies: { keys: ["tests only"] },
    conformIdTokenClaims: false,
    claims: { openid: ["sub", "cognito:groups"], email: ["email", "email_verified"], profile: ["name"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => claimsOf(id) }),
    issueRefreshToken: () => settings.refresh,
    ttl: { IdToken: () => settings.lifetime, AccessToken: () => settings.lifetime, RefreshToken: 3600, Session: 3600, Grant: 3600, Interaction: 600 },
    features: {
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, asked) => {
          if (asked !== RESOURCE) throw new errors.InvalidTarget();
          return { scope: "", audience: asked, accessTokenFormat: "jwt", accessTokenTTL: settings.lifetime, jwt: { sign: { alg: "ES256" } } };
        },
      },
    },
  });
  listener = provider.callback();
}

const claimsOf = (id) => ({
  sub: id, email: `${id}@example.org`, email_verified: true, name: id,
  ...(id === "admin" && { "cognito:groups": ["image-repo-admin"] }),
});

async function change(request, response) {
  const { rotate, ...changes } = JSON.parse(Buffer.concat(await request.toArray()).toString());
  Object.assign(settings, changes);
  if (rotate) await start();
  response.writeHead(204).end();
}

await start();
createServer((request, response) => (request.url === "/test" ? change(request, response) : listener(request, response)))
  .listen(Number(new URL(issuer).port), "127.0.0.1");
