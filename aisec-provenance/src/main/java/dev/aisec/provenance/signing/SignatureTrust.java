// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

/** Whose signatures count. There is no default: who verifies must say whom to trust. */
public sealed interface SignatureTrust permits TrustedKeys, TrustAnchors {}
