// SPDX-License-Identifier: Apache-2.0
/** What the packages of this module share; no part of its interface, and not exported. */
@NullMarked
package dev.aisec.provenance.internal;

import org.jspecify.annotations.NullMarked;
