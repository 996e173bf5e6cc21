// SPDX-License-Identifier: Apache-2.0
/**
 * One assessment out of many pieces of evidence (clauses 7.3.1-1 and 7.3.5): which criteria are met, how surely, and which
 * techniques of Table 3 were not assessed at all.
 *
 * <p>It sees {@link dev.aisec.core.Evidence} only, so evidence of any technique, of any version, of anybody's own code can
 * go in. {@link dev.aisec.assessment.Assessment} is the value, {@link dev.aisec.assessment.AssessmentJson} its master
 * form, {@link dev.aisec.assessment.HtmlReport} and {@link dev.aisec.assessment.MarkdownReport} are for readers,
 * {@link dev.aisec.assessment.ReportFiles} writes all of them.
 */
@NullMarked
package dev.aisec.assessment;

import org.jspecify.annotations.NullMarked;
