// SPDX-License-Identifier: Apache-2.0
/**
 * What really leaks, measured from outside: {@link dev.aisec.privacy.leakage.MechanismAudit} looks for proof that a mechanism
 * gives away more than it claims. Against training data leakage and member reasoning (ITU-T XSTR-SEC-AI, Table 1; clause
 * 7.3.3-5).
 */
@NullMarked
package dev.aisec.privacy.leakage;

import org.jspecify.annotations.NullMarked;
