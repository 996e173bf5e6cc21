// SPDX-License-Identifier: Apache-2.0
/**
 * The words that every technique shares: which technique of ITU-T XSTR-SEC-AI it is ({@link dev.aisec.core.Technique}),
 * what was measured and how surely ({@link dev.aisec.core.Estimate}), what was found
 * ({@link dev.aisec.core.Finding}), and the proof that it was done ({@link dev.aisec.core.Evidence}).
 */
@NullMarked
package dev.aisec.core;

import org.jspecify.annotations.NullMarked;
