// SPDX-License-Identifier: Apache-2.0
/**
 * Model file verification (clause 7.3.4-2): security problems in a model file are found before it is loaded (Table 1:
 * code vulnerability exploitation, algorithm backdoor embedding by a manipulated file).
 *
 * <p>{@link dev.aisec.provenance.modelfile.ModelVerifier} recognises and reads them. What passes comes out as
 * a {@link dev.aisec.provenance.modelfile.VerifiedModel}, the only thing that a loader takes.
 */
@NullMarked
package dev.aisec.provenance.modelfile;

import org.jspecify.annotations.NullMarked;
