// SPDX-License-Identifier: Apache-2.0
/**
 * Test kit for users: {@link dev.aisec.junit.DpAudit} tries to refute the privacy of one's own mechanism in one's own build
 * (ITU-T XSTR-SEC-AI, clause 7.3.3-5).
 */
@NullMarked
package dev.aisec.junit;

import org.jspecify.annotations.NullMarked;
