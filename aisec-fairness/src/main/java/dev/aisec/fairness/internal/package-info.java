// SPDX-License-Identifier: Apache-2.0
/** What several families of this module need; not exported. */
@NullMarked
package dev.aisec.fairness.internal;

import org.jspecify.annotations.NullMarked;
