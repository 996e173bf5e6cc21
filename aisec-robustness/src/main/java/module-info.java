// SPDX-License-Identifier: Apache-2.0
/** See the package documentation. */
module dev.aisec.robustness {
    requires transitive dev.aisec.core;
    requires static transitive org.jspecify;
}
