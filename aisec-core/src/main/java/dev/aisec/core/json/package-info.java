// SPDX-License-Identifier: Apache-2.0
/**
 * The only JSON code of the libraries: a strict bounded parser ({@link dev.aisec.core.json.JsonParser}) for hostile
 * input, and a canonical writer after RFC 8785 ({@link dev.aisec.core.json.CanonicalJson}) whose bytes are the same on
 * every JDK, so that they can be hashed and signed.
 */
@NullMarked
package dev.aisec.core.json;

import org.jspecify.annotations.NullMarked;
