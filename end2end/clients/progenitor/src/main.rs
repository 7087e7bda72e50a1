//! Lists the pods of the demonstration, page after page, and hands a picture over, with a client that progenitor makes
//! of the document.

use std::{env, error::Error, fs};

use futures::TryStreamExt as _;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

mod binnacle {
    progenitor::generate_api!(spec = "openapi.json", interface = Builder);
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {}", env::var("TOKEN")?))?);
    let sent = reqwest::Client::builder().default_headers(headers).build()?;
    let client = binnacle::Client::new_with_client(&env::var("SERVER")?, sent);
    let mut behind = None;
    loop {
        let mut asked = client.get_clusters_cluster_pods().cluster("demo").limit(10);
        if let Some(next) = behind {
            asked = asked.next::<String>(next);
        }
        let page = asked.send().await?.into_inner();
        for pod in page.items {
            println!("{}/{} {} {}", pod.namespace, pod.name, pod.health, pod.created.format("%Y"));
        }
        behind = page.next;
        if behind.is_none() {
            break;
        }
    }
    let picture = client.get_clusters_cluster_diagrams_architecture_png().cluster("demo").send().await?;
    let bytes = picture.into_inner().into_inner().try_fold(Vec::new(), async |mut all, part| {
        all.extend_from_slice(&part);
        Ok(all)
    });
    fs::write("cluster.png", bytes.await?)?;
    Ok(())
}
