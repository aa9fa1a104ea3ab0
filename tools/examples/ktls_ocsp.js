// SPDX-License-Identifier: MIT-0
// SPDX-FileCopyrightText: 2026 the ktls-ocsp authors
/*
 * Preloaded into a Node.js server, this makes it staple what ocsp-export(8) keeps in a directory:
 *
 *   node --require /path/to/ktls_ocsp.js server.js
 *   NODE_OPTIONS="--require /path/to/ktls_ocsp.js"
 *
 * KTLS_OCSP_DIRECTORY names the directory (/var/lib/ocsp-export), whose section in export.conf has
 * names = sha256, the default. A server that handles 'OCSPRequest' itself is left alone.
 *
 * Each handshake in which a client asks for a staple reads one file. Whatever goes wrong, the handshake
 * goes on without a staple.
 */
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const tls = require('tls');

const directory = process.env.KTLS_OCSP_DIRECTORY || '/var/lib/ocsp-export';

// nextUpdate [0] EXPLICIT GeneralizedTime, of RFC 6960's SingleResponse
const NEXT_UPDATE = /\xa0\x11\x18\x0f(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z/;

// ocsp-export removes what has expired. It may not be running.
function isFresh(response) {
	const found = NEXT_UPDATE.exec(response.toString('latin1'));

	if (!found)
		return false;
	const [year, month, ...rest] = found.slice(1).map(Number);
	return Date.UTC(year, month - 1, ...rest) > Date.now();
}

function staple(certificate, issuer, callback) {
	const key = crypto.createHash('sha256').update(certificate).digest('hex');

	fs.readFile(path.join(directory, key + '.der'), (error, response) => {
		callback(null, !error && isFresh(response) ? response : null);
	});
}

// Servers of https are tls.Servers, too.
const listen = tls.Server.prototype.listen;

tls.Server.prototype.listen = function (...args) {
	if (!this.listenerCount('OCSPRequest'))
		this.on('OCSPRequest', staple);
	return listen.apply(this, args);
};
