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
 * <p>What is accepted beside a valid signature (files that are not signed, links, paths left out) is a
 * {@link dev.aisec.provenance.signing.SignaturePolicy}. {@link dev.aisec.provenance.signing.SignedModel} has the digests of
 * the signed files; give them to {@link dev.aisec.provenance.modelfile.ModelVerifier#withSigned}, so that what is loaded is
 * what was signed. {@link dev.aisec.provenance.signing.HashCache} saves hashing again, and trusts the file system in
 * exchange.
 *
 * <p>It does not see that a signer signs a bad model, that a key was stolen or a certificate revoked, when a signature was
 * made, or that an old model with its old signature stands in place of the new one.
 *
 * <p>Bundles are hostile input: every one gives an answer, whatever its bytes. No name out of a bundle is ever opened; the
 * folder is listed and its names are compared with the signed ones.
 */
@NullMarked
package dev.aisec.provenance.signing;

import org.jspecify.annotations.NullMarked;
