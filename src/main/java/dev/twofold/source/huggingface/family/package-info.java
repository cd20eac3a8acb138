/** Floor 5: what a family's YAML may say. */
@NullMarked
package dev.twofold.source.huggingface.family;

import org.jspecify.annotations.NullMarked;
