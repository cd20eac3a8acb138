/** Floor 4: graphs over several devices: annotated to be cut, and cut at their collectives. */
@NullMarked
package dev.twofold.graph.cut;

import org.jspecify.annotations.NullMarked;
