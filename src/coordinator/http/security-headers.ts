/** Headers of every answer. The API answers data, never pages; the one page has a policy of its own. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': dataPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Told only over TLS (RFC 6797 7.2). A year. */
export const transportSecurity = 'max-age=31536000';
/** While the same address is served without TLS too: a browser that has kept the year would never get there (6.1.1). */
export const forgottenTransportSecurity = 'max-age=0';
