package dev.twofold.source.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.twofold.graph.proto.AttributeProto;
import dev.twofold.graph.proto.TensorProto;
import dev.twofold.graph.proto.TensorProto.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** One whole number as often as a shape of one axis says, which is a tensor in an attribute. */
final class FilledSizesTest {

    private final Values values =
            new Values(List.of(), new Sketch(List.of()).values().numbers());

    private Optional<Term> made(Map<String, AttributeProto> attributes, Term shape) {
        Rule rule = SizeRules.ALL.stream()
                .filter(one -> one.name().equals("one size several times"))
                .findFirst()
                .orElseThrow();
        Call call = new Call("ConstantOfShape", attributes, List.of(Optional.of(values.of(shape))), 0);
        return rule.match().make(call, values);
    }

    private Optional<Term> made(TensorProto.Builder number, Term shape) {
        return made(Map.of("value", AttributeProto.newBuilder().setT(number).build()), shape);
    }

    private static TensorProto.Builder tensor(DataType type) {
        return TensorProto.newBuilder().setDataType(type.getNumber());
    }

    private static TensorProto.Builder raw(DataType type, int bytes) {
        ByteBuffer seven =
                ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN).put(0, (byte) 7);
        return tensor(type).setRawData(ByteString.copyFrom(seven));
    }

    private static TensorProto.Builder seven() {
        return tensor(DataType.INT64).addInt64Data(7);
    }

    private static Term shape(long... sizes) {
        return new Term.Whole(Arrays.stream(sizes).boxed().toList());
    }

    @Test
    void a_number_is_there_as_often_as_the_shape_says() {
        assertThat(made(seven(), shape(3))).contains(shape(7, 7, 7));
        assertThat(made(raw(DataType.INT64, Long.BYTES), shape(3))).contains(shape(7, 7, 7));
        assertThat(made(seven(), shape(Sizes.MOST))).contains(new Term.Whole(Collections.nCopies(Sizes.MOST, 7L)));
    }

    @Test
    void numbers_of_another_type_or_more_than_one_are_no_size() {
        assertThat(List.of(
                        tensor(DataType.FLOAT).addFloatData(7),
                        tensor(DataType.INT32).addInt32Data(7),
                        raw(DataType.FLOAT, Float.BYTES),
                        raw(DataType.DOUBLE, Double.BYTES),
                        raw(DataType.INT64, Integer.BYTES),
                        raw(DataType.INT64, 2 * Long.BYTES),
                        tensor(DataType.INT64),
                        tensor(DataType.INT64).addInt64Data(7).addInt64Data(8)))
                .allSatisfy(number -> assertThat(made(number, shape(3))).isEmpty());
    }

    @Test
    void without_a_number_it_is_none() {
        assertThat(made(Map.of(), shape(3))).isEmpty();
    }

    @Test
    void shapes_of_several_axes_or_of_sizes_that_are_not_known_or_no_length_are_none() {
        assertThat(List.of(
                        shape(2, 2),
                        shape(),
                        shape(0),
                        shape(-1),
                        shape(Sizes.MOST + 1),
                        shape(Long.MAX_VALUE),
                        Term.Tokens.NEW,
                        new Term.Counted(List.of(new Extent(2, List.of(Extent.Unknown.BATCH)))),
                        new Term.Input("input_ids")))
                .allSatisfy(shape -> assertThat(made(seven(), shape)).isEmpty());
    }
}
