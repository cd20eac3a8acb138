/** Floor 3: what is measured on a text: windows of it, scores of models and plans, limits for them. */
@NullMarked
package dev.twofold.measure;

import org.jspecify.annotations.NullMarked;
