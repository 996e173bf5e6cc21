// SPDX-License-Identifier: Apache-2.0
/**
 * Signatures of model files and folders: OpenSSF Model Signing (OMS) v1.0. They protect against a model that is changed
 * or exchanged on its way (code vulnerability exploitation and backdoor embedding of Table 1, ITU-T XSTR-SEC-AI). A
 * signature says who vouches for which bytes; it does not say that the model is good.
 *
 * <p>{@link dev.aisec.provenance.signing.ModelSignatures} verifies, {@link dev.aisec.provenance.signing.ModelSigner}
 * signs. Who is trusted is always given by the caller: {@link dev.aisec.provenance.signing.TrustedKeys} for bare keys,
 * {@link dev.aisec.provenance.signing.TrustAnchors} for certificates. Nothing is read from the operating system's trust
 * store and nothing from the network.
 *
 * <p>Bundles are hostile input: every one gives an answer, whatever its bytes. No name out of a bundle is ever opened; the
 * folder is listed and its names are compared with the signed ones.
 */
@NullMarked
package dev.aisec.provenance.signing;

import org.jspecify.annotations.NullMarked;
