/** Model families as data: what their YAML files may say. */
@NullMarked
package dev.twofold.checkpoint.family;

import org.jspecify.annotations.NullMarked;
