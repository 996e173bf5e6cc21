// SPDX-License-Identifier: Apache-2.0
/** The embedded default data of the command line: drawn digits, so that it runs without any data. */
@NullMarked
package dev.aisec.cli.digits;

import org.jspecify.annotations.NullMarked;
