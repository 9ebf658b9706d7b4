// A few records to try Sluice with, of the kinds that need nothing in the store before.

const products = `SKU,Name,Price,Stock,Weight,Category,Brand
SAMPLE-01,Sample canvas tote,24.50,40,0.4,Samples > Bags,Sluice samples
SAMPLE-02,Sample stoneware mug,14.25,120,0.4,Samples > Kitchen,Sluice samples
SAMPLE-03,Sample desk lamp,39.90,18,1.1,Samples > Lighting,Sluice samples
SAMPLE-04,Sample wool blanket,89.00,12,1.6,Samples > Home,Sluice samples
SAMPLE-05,Sample trail sneaker,99.00,35,0.9,Samples > Footwear,Sluice samples
`;

const samples: Record<string, { name: string; text: string }> = { products: { name: 'sample-products.csv', text: products } };

/** A file of sample records of a kind, if there is one. */
export function sampleOf(kind: string): File | undefined {
  const sample = samples[kind];
  return sample && new File([sample.text], sample.name, { type: 'text/csv' });
}
