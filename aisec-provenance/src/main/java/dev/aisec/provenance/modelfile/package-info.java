// SPDX-License-Identifier: Apache-2.0
/**
 * Model file verification (clause 7.3.4-2): security problems in a model file are found before it is loaded (Table 1:
 * code vulnerability exploitation, algorithm backdoor embedding by a manipulated file).
 *
 * <p>Which class when:
 * <ul>
 *   <li>{@link dev.aisec.provenance.modelfile.ModelVerifier} verifies a path, channel, stream or bytes;
 *       {@link dev.aisec.provenance.modelfile.ModelReport} is its answer.
 *   <li>{@link dev.aisec.provenance.modelfile.VerifiedModel} gives the bytes that were verified, whatever happens to
 *       the file; a loader should take nothing else.
 *   <li>{@link dev.aisec.provenance.modelfile.VerificationPolicy} says what a file may hold, with
 *       {@link dev.aisec.provenance.modelfile.Limits}, {@link dev.aisec.provenance.modelfile.NameList},
 *       {@link dev.aisec.provenance.modelfile.ParameterRange} and {@link dev.aisec.provenance.modelfile.StructureRules};
 *       {@link dev.aisec.provenance.modelfile.PolicyJson} reads and writes it.
 *   <li>{@link dev.aisec.provenance.modelfile.ReportJson}, {@link dev.aisec.provenance.modelfile.SarifReport} and
 *       {@link dev.aisec.provenance.modelfile.ModelBom} write answers for other programs.
 *   <li>{@link dev.aisec.provenance.modelfile.ModelFormat} is for who adds a format: it reads a
 *       {@link dev.aisec.provenance.modelfile.ByteSource} and tells an
 *       {@link dev.aisec.provenance.modelfile.Inspection} what it sees.
 *       {@link dev.aisec.provenance.modelfile.ModelFormats} lists those that are built in, and their
 *       {@link dev.aisec.provenance.modelfile.Rule}s.
 * </ul>
 *
 * <p>Files are hostile input. Nothing of one is executed, no class, entity or file that it names is loaded; no memory
 * is taken by a length that was not compared with what is there; an interrupt ends the work. A name that is on no
 * list is refused, two readings of the same bytes are refused, and what cannot be read is {@link
 * dev.aisec.core.Verdict#CANNOT_INSPECT}, never accepted.
 *
 * <p>It does not see whether a well-formed model is a good one: a backdoor in the weights passes. It does not protect
 * a loader that is given the path and not the {@link dev.aisec.provenance.modelfile.VerifiedModel}.
 */
@NullMarked
package dev.aisec.provenance.modelfile;

import org.jspecify.annotations.NullMarked;
