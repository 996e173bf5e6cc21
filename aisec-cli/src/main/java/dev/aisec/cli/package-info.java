// SPDX-License-Identifier: Apache-2.0
/** The command line: {@link dev.aisec.cli.Main}. It wires the modules; techniques live in theirs. */
@NullMarked
package dev.aisec.cli;

import org.jspecify.annotations.NullMarked;
